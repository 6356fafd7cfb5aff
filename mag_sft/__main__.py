import sys

from mag_sft.cli import main

sys.exit(main())
