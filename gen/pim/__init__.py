"""Programs of the PIM controller: assembler, disassembler, files; and its registers for software and documentation."""
