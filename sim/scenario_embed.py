#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Make a C file that holds scenario files.

usage: scenario_embed.py OUTPUT INPUT...
"""
import json
import os
import sys


def main(args):
    with open(args[0], 'w') as out:
        out.write('#include "sim/scenario_random.h"\n\n'
                  'const struct baton_scenario_random baton_scenarios_random'
                  '[] = {\n')
        for path in args[1:]:
            name = os.path.splitext(os.path.basename(path))[0]
            with open(path) as file:
                lines = ''.join(f'\n\t {json.dumps(line)}' for line in file)
            out.write(f'\t{{"{name}",{lines}}},\n')
        out.write('};\n\nconst size_t baton_scenarios_random_count =\n'
                  '\tsizeof(baton_scenarios_random) /\n'
                  '\tsizeof(baton_scenarios_random[0]);\n')


if __name__ == '__main__':
    main(sys.argv[1:])
