"""x"""

open = None
