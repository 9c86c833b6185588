"""Exports a checkpoint of the reader to the int8 ONNX file that ships, and says how far the two differ.

.venv/bin/python models/training/export_reader.py --checkpoint FILE [--out models/reader.onnx]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime as ort
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from train_reader import Reader

from assistant.embedding.models import BUNDLED, model_folder

OUT = Path(__file__).parents[1] / "reader.onnx"


def main() -> None:
    """Exports, quantises, compares."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=OUT)
    options = parser.parse_args()
    model = Reader(str(model_folder(BUNDLED)))
    model.load_state_dict(torch.load(options.checkpoint, weights_only=False)["model"])
    model.eval()
    names = ["ids", "mask", "types"]
    sample = (
        torch.randint(1000, 20000, (2, 48)),
        torch.ones(2, 48, dtype=torch.long),
        torch.zeros(2, 48, dtype=torch.long),
    )
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        whole = Path(folder, "float.onnx")
        torch.onnx.export(
            model,
            sample,
            str(whole),
            input_names=names,
            output_names=["tokens", "whole"],
            dynamic_axes={n: {0: "batch", 1: "length"} for n in (*names, "tokens")} | {"whole": {0: "batch"}},
            opset_version=17,
            dynamo=False,
        )
        quantize_dynamic(whole, options.out, weight_type=QuantType.QInt8, per_channel=True)
        feed = {n: v.numpy() for n, v in zip(names, sample, strict=True)}
        exact = model(*sample)[0].numpy()
        for file in (whole, options.out):
            given = ort.InferenceSession(str(file)).run(["tokens"], feed)[0]
            print(
                f"{file.name}: {file.stat().st_size / 1e6:.1f} MB, largest difference {np.abs(given - exact).max():.4f}"
            )


if __name__ == "__main__":
    main()
