"""How results are shown: on a console, in a pull request, in an editor."""
