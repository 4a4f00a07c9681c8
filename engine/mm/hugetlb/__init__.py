"""Huge pages (mm/hugetlb.c): the pool, fresh pages for it, and the pages of memmap that they give back."""
