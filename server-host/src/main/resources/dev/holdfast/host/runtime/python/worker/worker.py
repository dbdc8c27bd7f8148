"""Starts one worker of a model with a Python handler; Holdfast runs this file, nobody else does."""

from holdfast_worker.main import main

if __name__ == "__main__":
    main()
