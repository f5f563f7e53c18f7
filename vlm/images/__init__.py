"""Untrusted bytes to RGB images."""
