"""From a folder of YAML files to declared monitors, or to every problem found in them."""
