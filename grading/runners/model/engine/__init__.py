"""Engine of the runner `model`, started inside the sandbox: looks at an ONNX file, runs it, takes its time."""
