"""HS3 documents: models written as them and read from them."""
