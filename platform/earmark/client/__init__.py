"""The `earmark` command: takes releases and brings in folders, from any machine.

Plain Python over REST. It knows the rules (`datasets_catalog`) and nothing else of the product.
"""
