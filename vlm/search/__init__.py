"""Search in one chat's photos, or in a folder."""
