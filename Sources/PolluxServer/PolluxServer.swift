// Landing file.
