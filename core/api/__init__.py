"""What every endpoint of the API stands on: viewsets, pages, refusals, shapes, and the schema that tells of them."""
