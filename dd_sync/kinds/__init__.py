"""One module per kind of declared thing: its identity, its normaliser, its request bodies."""
