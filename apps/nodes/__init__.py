"""Clusters, their nodes, the engines behind them, and the polling of both."""
