"""Medians of the lines that the runs printed, as a Markdown table: events per second."""

import json
import statistics
import sys

COLUMNS = ["one", "many", "batch", "read", "verify"]
runs = {}
for line in open(sys.argv[1]):
    figures = json.loads(line)
    runs.setdefault(figures["peer"], []).append(figures)
print("| events/s | 1 client | 64 clients | batches of 512 | read back | verify |")
print("|---|---|---|---|---|---|")
for peer, all_figures in runs.items():
    cells = []
    for column in COLUMNS:
        values = [figures[column] for figures in all_figures if figures.get(column) is not None]
        cells.append(f"{statistics.median(values):,.0f}".replace(",", " ") if values else "–")
    print(f"| {peer} | " + " | ".join(cells) + " |")
