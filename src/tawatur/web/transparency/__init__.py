"""The transparency report: a page with plots, and the numbers behind each as a table and as CSV."""
