"""Standard scores of captions, answers, translations and search. Pure functions; libraries where they are well kept."""
