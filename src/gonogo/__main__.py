"""`python -m gonogo` is `gonogo`."""

from gonogo.cli.main import main

if __name__ == "__main__":
    main()
