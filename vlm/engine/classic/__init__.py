"""The classic captioner, VGG16 and an LSTM: what is needed to run it. It is trained in `vlm.lab.classic`."""
