// Landing file: see README.md of this room.
