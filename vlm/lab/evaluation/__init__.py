"""Models of any size on data whose truth is known: predictions, scores, pages, and runs side by side."""
