"""Reads the feature stores that rankmill writes, and runs rankmill.

    s = rankmill.Store("out/nyctaxi")
    s["train"]["dense"][0:1000], s["train"].features("dense"), s["train"].to_pandas(limit=100)
    rankmill.run("configs/nyctaxi.json", out="out/nyctaxi")
    rankmill.query('SELECT count(*) FROM "data/*.csv"')

rankmill.torch.Batches feeds a PyTorch DataLoader.
"""

from ._errors import RankmillError
from ._run import query, run
from ._store import Dataset, Split, Store

__all__ = ["Dataset", "RankmillError", "Split", "Store", "query", "run"]
__version__ = "0.1.0"
