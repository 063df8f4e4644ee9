"""The x-ray: what happened to each frame, in words, from the record that the card made while it acted. Start reading at
`trace.py` (rows of one frame), then `story.py` (facts), `detect.py` (what is wrong), `explain.py` (words)."""
