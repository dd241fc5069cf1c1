"""What archives say, and that nothing in them does harm."""
