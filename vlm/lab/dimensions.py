"""The tiny model's dimensions, on which model, data and processor must agree."""

IMAGE_PX = 144
PATCH_PX = 16
PATCHES = IMAGE_PX // PATCH_PX  # a side
GRID = 6  # query tokens start as a grid of GRID x GRID places
QUERIES = GRID * GRID
WIDTH = 192
HEADS = 6
VISION_LAYERS = 6
QFORMER_LAYERS = 3
LANGUAGE_LAYERS = 4
QFORMER_INNER = 512
SEARCH_WIDTH = 128
CONTEXT = 256  # positions of the language model
MEAN = (0.48145466, 0.4578275, 0.40821073)  # of the pixels, as CLIP's: the image processor's default
DEVIATION = (0.26862954, 0.26130258, 0.27577711)
