"""Five languages over the small world: tables of words and sentences, their grammar, and a translator."""
