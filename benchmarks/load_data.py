"""Fill the database named in the environment: `python -m benchmarks.load_data PRODUCTS POSTS`."""

import os
import sys

import django

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from benchmarks import data

    data.load(products=int(sys.argv[1]), posts=int(sys.argv[2]), say=lambda done: print(f"  {done}", flush=True))
