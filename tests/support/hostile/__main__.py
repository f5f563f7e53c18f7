"""`python -m support.hostile [INPUTS]`: hostile pictures (10,000) through real decoders, as a table."""

import random
import sys
from itertools import islice

from support.hostile.images import FAMILIES
from support.hostile.run import HEADINGS, counted

SEED = 20260101


def main() -> None:
    minimum, total = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000, 0
    print(HEADINGS, "|---|--:|--:|--:|--:|--:|--:|", sep="\n")
    for name, family in FAMILIES.items():
        pictures = family(random.Random(SEED))
        count = counted(islice(pictures, max(0, minimum - total)) if name == "mutated" else pictures)
        total += count.inputs
        print(count.row(name), flush=True)
    print(f"\n{total} inputs")


if __name__ == "__main__":
    main()
