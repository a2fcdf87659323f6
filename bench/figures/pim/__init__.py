"""How fast and how frugal models are on memory that computes: the page of results."""



__all__ = ["GROUPS", "PARTS"]

#: The longest first.


