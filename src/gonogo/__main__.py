"""`python -m gonogo` is `gonogo`."""

from gonogo.cli.workstation import main

if __name__ == "__main__":
    main()
