"""Split scikit-learn's handwritten digits (1797 images of 8 × 8, UCI, CC BY 4.0) into a given and a hidden half.

Run with any Python that has scikit-learn: ``python make_data.py``. The split has a fixed seed and is stratified.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

HERE = Path(__file__).parent


def main() -> None:
    """Write files/digits.npz (images, labels) and key/digits.npz (train, hidden, hidden_labels)."""
    images, labels = load_digits(return_X_y=True)
    given, hidden, given_labels, hidden_labels = train_test_split(
        images.astype(np.uint8), labels, test_size=0.5, random_state=0, stratify=labels
    )
    np.savez_compressed(HERE / "files" / "digits.npz", images=given, labels=given_labels)
    np.savez_compressed(HERE / "key" / "digits.npz", train=given, hidden=hidden, hidden_labels=hidden_labels)


if __name__ == "__main__":
    main()
