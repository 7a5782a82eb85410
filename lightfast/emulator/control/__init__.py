"""Control endpoints under ``/_emulator/``, with which programs in any language steer an emulator."""
