"""A chat's photos and words as zip archives."""
