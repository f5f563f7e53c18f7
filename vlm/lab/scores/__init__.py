"""Standard scores of captions, answers, translations and search: pure functions of texts and similarities."""
