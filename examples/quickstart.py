"""Uploads a model, sends it a tensor, prints the answer.

Usage: quickstart.py ADDRESS MODEL.onnx [INPUT.npy] [--simulation]

Without INPUT.npy the first input is zeros in the shape the model asks for (1 where it varies).
The policy is the file that BLINDAI_POLICY names, or the one that came with the package; the API key
that of the file that BLINDAI_KEY_FILE names, where the server asks for one.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

import blindai


def main() -> int:
    parser = argparse.ArgumentParser(description="Upload a model, send it a tensor.")
    parser.add_argument("address", help="host:port")
    parser.add_argument("model", help="an ONNX file")
    parser.add_argument("input", nargs="?", help="a .npy file")
    parser.add_argument("--simulation", action="store_true", help="accept a simulated TEE")
    arguments = parser.parse_args()

    with blindai.Connection(arguments.address, simulation=arguments.simulation) as client:
        # The connection exists, so every check passed. Nothing was sent before that.
        print(client.report)

        model = client.upload_model(arguments.model, save_model=False)
        print(f"{model.model_id}: {model.size} bytes, SHA-256 {model.model_hash}")

        if arguments.input is not None:
            tensor = blindai.Tensor.of(np.load(arguments.input, allow_pickle=False))
        else:
            first = model.inputs[0]
            shape = [max(dim, 1) for dim in first.shape]
            tensor = blindai.Tensor.of(np.zeros(shape).tolist(), first.datatype, shape)

        # Pinning the hash: another model put under this name would be an error, not an answer.
        response = client.predict(model.model_id, tensor, model_hash=model.model_hash)
        for output in response.output:
            print(f"{output.name}: {output.datatype} {list(output.shape)}")
            print(output.as_numpy())
        print(f"{response.request_time:.2f} ms, the model {response.inference_time:.2f} ms")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (blindai.BlindAIError, OSError) as error:
        sys.exit(f"error: {error}")
