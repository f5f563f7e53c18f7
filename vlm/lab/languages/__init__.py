"""The tiny translator: tables of words and sentences in five languages, a grammar, training."""
