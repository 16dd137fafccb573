"""Parser of dimensions: lexer, cursor over its tokens, notations, and the dimension that they make."""
