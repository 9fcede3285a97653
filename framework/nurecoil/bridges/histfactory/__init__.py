"""HistFactory's words in pyhf's JSON: models spelt in them and read from them, with their sidecars."""
