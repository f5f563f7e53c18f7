"""The classic captioner: VGG16 sees, an LSTM tells, both merge into the next word. Start at `train`."""
