"""`dd-sync local`"""
