"""The site: sphinx with furo, pages in Markdown, the API from docstrings."""

from importlib import metadata

project = "nurecoil"
author = "nurecoil developers"
release = metadata.version("nurecoil")
version = release

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
]
exclude_patterns = ["_build", "data"]
html_theme = "furo"
html_title = f"nurecoil {release}"

myst_enable_extensions = ["amsmath", "dollarmath"]
myst_heading_anchors = 3

autodoc_typehints = "none"  # shapes and units stand in the text, types in the signature
autodoc_member_order = "bysource"
napoleon_numpy_docstring = False
napoleon_use_rtype = False

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
