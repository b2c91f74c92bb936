# SPDX-FileCopyrightText: The dag authors
# SPDX-License-Identifier: Apache-2.0

# A fresh prefix: what an older install left there must not help.
file(REMOVE_RECURSE ${PREFIX})
execute_process(COMMAND ${CMAKE_COMMAND} --install ${BUILD} --prefix ${PREFIX}
                        --component dag_headers COMMAND_ERROR_IS_FATAL ANY)
