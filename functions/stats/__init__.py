"""Statistics in the standard library alone: values in, values out."""
