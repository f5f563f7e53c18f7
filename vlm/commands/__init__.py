"""What the `vlm` commands do, one module an idea. `vlm.cli` parses, and imports what is asked for."""
