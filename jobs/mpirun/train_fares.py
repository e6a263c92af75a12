#!/usr/bin/env python3
"""train_fares.py STORE: a small regressor of taxi fares, to show how a training job reads a store."""

import sys
import time

import torch
from torch.utils.data import DataLoader

import rankmill
import rankmill.torch

EPOCHS = 3
BATCH = 4096


def statistics(split):
    """Mean and deviation of each feature over the first rows: enough to bring them to one scale."""
    sample = torch.from_numpy(split["features"][: min(len(split), 100_000)])
    return sample.mean(0), sample.std(0).clamp_min(1e-6)


def error(model, split, mean, deviation):
    """Root of the mean squared error in dollars."""
    total, rows = 0.0, 0
    with torch.no_grad():
        for batch in rankmill.torch.Batches(split, BATCH, drop_last=False):
            guess = model(((batch["features"] - mean) / deviation).float()).squeeze(1)
            total += float(((guess - batch["fare"].float()) ** 2).sum())
            rows += len(guess)
    return (total / rows) ** 0.5


def main():
    store = rankmill.Store(sys.argv[1])
    train, test = store["train"], store["test"]
    torch.manual_seed(0)
    mean, deviation = statistics(train)
    width = len(train.features("features"))
    model = torch.nn.Sequential(torch.nn.Linear(width, 64), torch.nn.ReLU(), torch.nn.Linear(64, 1))
    optimiser = torch.optim.Adam(model.parameters(), lr=3e-3)
    batches = rankmill.torch.Batches(train, BATCH, shuffle=True, seed=0)
    print(f"{len(train)} training rows of {width} features, {len(test)} test rows; "
          f"test error before training {error(model, test, mean, deviation):.2f} $")
    for epoch in range(EPOCHS):
        start, rows = time.perf_counter(), 0
        batches.set_epoch(epoch)
        for batch in DataLoader(batches, batch_size=None, num_workers=1):
            guess = model(((batch["features"] - mean) / deviation).float()).squeeze(1)
            loss = torch.nn.functional.mse_loss(guess, batch["fare"].float())
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            rows += len(guess)
        seconds = time.perf_counter() - start
        print(f"epoch {epoch}: test error {error(model, test, mean, deviation):.2f} $, {rows / seconds / 1e6:.2f} M rows/s")


main()
