"""Seeing, answering and remembering: the queue, the chat memory, the workers and the BLIP-2 engine."""
