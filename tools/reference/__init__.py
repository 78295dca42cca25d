"""The reference, written from the code: ``make docs``.

The English texts are those of the code, which ``--help`` prints, too; the Chinese ones stand in zh.yaml. A test
compares the pages with what is made here, so that neither can drift from the code.
"""
