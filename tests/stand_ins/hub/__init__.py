"""A Hugging Face hub small enough to start in a test, and honest enough to publish to.

It speaks the protocol as `huggingface_hub`, `hf_xet` and `datasets` do: Xet and LFS uploads,
commits guarded by their parent, tags, gating, paging, ranges. State lives in a folder, so that
tests may look at it or damage it. It shares no code with the product.
"""
